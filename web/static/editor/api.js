// Requests to the server, and whether it can be reached at all.

/** An answer other than success: `problem` is its body. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the server answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** The server could not be reached, or does not know us any more: "offline" or "stranger". */
export class Unreachable extends Error {
  constructor(state) {
    super(state === "stranger" ? "you are signed out" : "the server cannot be reached");
    this.state = state;
  }
}

/** Tells of changes of the connection: its `state` is "online", "offline" or "stranger". */
export const connection = new (class extends EventTarget {
  state = "online";

  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
    if (state !== "online") setTimeout(() => this.probe(), 1500);
  }

  /** Ask again until there is an answer. */
  async probe() {
    try {
      await get("files");
    } catch (error) {
      if (error instanceof Unreachable || error.status >= 500) setTimeout(() => this.probe(), 1500);
    }
  }
})();

async function request(method, path, body, signal) {
  const options = { method, signal, headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path.startsWith("/") ? path : `/v1/editor/${path}`, options);
  } catch (error) {
    throw cutOff(error);
  }
  return read(answer);
}

/** What to throw when there is no answer, or not all of it: for who has stopped asking it is no loss. */
function cutOff(error) {
  if (error.name === "AbortError") return error;
  connection.become("offline");
  return new Unreachable("offline");
}

async function read(answer) {
  if (answer.status === 401) {
    connection.become("stranger");
    throw new Unreachable("stranger");
  }
  connection.become("online");
  const value = await answer.json().catch((error) => {
    if (error instanceof SyntaxError) return {}; // A problem of a proxy, or nothing.
    throw cutOff(error);
  });
  if (!answer.ok) throw new Refusal(answer.status, value);
  return value;
}

export const get = (path, signal) => request("GET", path, undefined, signal);
export const post = (path, body, signal) => request("POST", path, body, signal);
export const put = (path, body, signal) => request("PUT", path, body, signal);
export const remove = (path, signal) => request("DELETE", path, undefined, signal);

/** The address of a file. */
export function filePath(path) {
  return `files/${path.split("/").map(encodeURIComponent).join("/")}`;
}
