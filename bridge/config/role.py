"""Which half of the bridge a process is, and what that needs of the configuration."""

from enum import StrEnum

from bridge.config.problem import Problem


class Role(StrEnum):
    ALL = "all"
    INGRESS = "ingress"
    WORKER = "worker"


def lacks(
    role: Role, *, has_broker: bool, has_endpoint: bool, has_restaurant: bool, file: str = ""
) -> list[Problem]:
    """What a process of that role cannot start without; `file` is the main file."""
    found = []
    if role is not Role.ALL and not has_broker:
        found.append(
            Problem(
                file=file,
                key="broker",
                found=f"no section [broker], which --role {role} needs",
                allowed="[broker], the same for both halves",
                hint="without RabbitMQ one process does both: leave --role out",
            )
        )
    if role is not Role.WORKER and not has_endpoint:
        found.append(
            Problem(
                file=file,
                key="endpoints",
                found="no [[endpoints]]: nobody could send an order",
                allowed="one [[endpoints]] or more; none only with --role worker",
                hint="minimal.toml has one to start from",
            )
        )
    if not has_restaurant:
        found.append(
            Problem(
                file=file,
                key="restaurants_directory",
                found="no restaurant: there is nobody to serve",
                allowed="a folder with one *.toml for each restaurant",
                hint="restaurants/corner-cafe.toml is one to start from",
            )
        )
    return found
