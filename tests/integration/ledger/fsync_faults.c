/* Makes fsync and fdatasync fail on command, and keeps a record of them.

   The file "fail" in $FSYNC_FAULTS holds the end of a file's name, or * for any, and how often its
   sync is to fail. Each call becomes a line of the file "log": the file's inode with its birth,
   for inodes are used again; "ok" or "EIO"; its name. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), of_end = strlen(end);
    if (strcmp(end, "*") == 0) return 1;
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

static int is_to_fail(const char *directory, const char *name) {
    char path[4096], end[256];
    int left = 0, found;
    snprintf(path, sizeof path, "%s/fail", directory);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    found = fscanf(file, "%255s %d", end, &left);
    fclose(file);
    if (found != 2 || left <= 0 || !ends_with(name, end)) return 0;
    if (!(file = fopen(path, "w"))) abort();
    fprintf(file, "%s %d\n", end, left - 1);
    fclose(file);
    return 1;
}

static void note(const char *directory, int fd, const char *outcome, const char *name) {
    char path[4096], line[8192];
    struct statx file;
    snprintf(path, sizeof path, "%s/log", directory);
    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &file) != 0) abort();
    int length = snprintf(line, sizeof line, "%llu-%lld.%u %s %s\n", (unsigned long long)file.stx_ino,
                          (long long)file.stx_btime.tv_sec, file.stx_btime.tv_nsec, outcome, name);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || write(log, line, length) != length) abort();
    close(log);
}

static int sync_or_fail(const char *call, int fd) {
    const char *directory = getenv("FSYNC_FAULTS");
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (directory && length > 0) {
        name[length] = 0;
        int fails = is_to_fail(directory, name);
        note(directory, fd, fails ? "EIO" : "ok", name);
        if (fails) {
            errno = EIO;
            return -1;
        }
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
    return real(fd);
}

int fsync(int fd) { return sync_or_fail("fsync", fd); }

int fdatasync(int fd) { return sync_or_fail("fdatasync", fd); }
