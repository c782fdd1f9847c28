// The way to the sandbox: actions of people, and the news of one conversation.

export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/** Do what a person can do; `action` is one of the sandbox's control actions. */
export async function act(action, body = {}) {
  const response = await fetch(`/_c/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const reply = await response.json();
  if (!response.ok) throw new Refused(response.status, reply.error);
  return reply;
}

/** Hear what happens between a bot and a person. `onOpen` runs again whenever the line was lost and is back. */
export function listen(botId, userId, { onOpen, onNews, onLost }) {
  const source = new EventSource(`/_page/events?bot=${botId}&user=${userId}`);
  source.addEventListener("open", onOpen);
  source.addEventListener("error", onLost);
  source.addEventListener("message", (event) => onNews(JSON.parse(event.data)));
  return () => source.close();
}

/** Bytes as base64, without blowing up on large files. */
export async function base64(blob) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(",") + 1);
}
