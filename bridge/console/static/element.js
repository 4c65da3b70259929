// Builds elements. Text only ever enters as text: what a guest typed is never markup.

/** make("p", "name", "text" or [children]) */
export function make(tag, className = "", content = null) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (Array.isArray(content)) element.append(...content.filter((child) => child !== null));
  else if (content !== null) element.textContent = content;
  return element;
}

/** As `make`, for words of strangers: their direction and overrides end with the element. */
export function quote(tag, className, content) {
  const element = make(tag, className, content);
  element.dir = "auto";
  return element;
}
