// Files: chosen, dropped or pasted, looked at before they go.

import { base64 } from "./api.js";
import { find, icon, make, toast } from "./dom.js";
import { say, sizeOf } from "./words.js";

const LARGEST = 50 * 1024 * 1024;
const LONGEST_SIDE = 1280;
const PICTURES = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"];

/** Wait for files; `send(action, fields)` takes what the person decided to send. */
export function takeFiles(send) {
  const dialog = find("preview-dialog");
  const form = find("preview-form");
  let chosen = null;

  async function offer(file) {
    if (!file) return;
    if (file.size > LARGEST) {
      toast(say("too_large"), "bad");
      return;
    }
    const picture = PICTURES.includes(file.type) ? await shrink(file) : null;
    chosen = { file, picture };
    find("preview").replaceChildren(picture ? pictureOf(picture) : fileOf(file));
    find("as-file-line").hidden = !picture;
    form.reset();
    dialog.showModal();
    form.elements.caption.focus();
  }

  form.addEventListener("submit", async () => {
    const { file, picture } = chosen;
    const caption = form.elements.caption.value.trim();
    const as_photo = picture && !form.elements.as_file.checked;
    const data = await base64(as_photo ? picture : file);
    const fields = as_photo ? { data } : { data, name: file.name || "file", mime: file.type || undefined };
    await send(as_photo ? "photo" : "document", caption ? { ...fields, caption } : fields);
  });
  dialog.addEventListener("close", () => {
    const picture = find("preview").querySelector("img");
    if (picture) URL.revokeObjectURL(picture.src);
  });
  find("file").addEventListener("change", (event) => {
    offer(event.target.files[0]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files][0];
    if (!file || dialog.open) return;
    event.preventDefault();
    offer(file);
  });
  takeDrops(offer);
}

function takeDrops(offer) {
  const stage = find("stage");
  const sign = find("drop");
  const carriesFile = (event) => event.dataTransfer.types.includes("Files");
  stage.addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    sign.hidden = false;
  });
  stage.addEventListener("dragleave", (event) => {
    if (!stage.contains(event.relatedTarget)) sign.hidden = true;
  });
  stage.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    sign.hidden = true;
    offer(event.dataTransfer.files[0]);
  });
}

/** As phones do before sending: at most 1280 pixels, JPEG. Nothing when the file is no picture after all. */
async function shrink(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.88));
  } catch {
    return null;
  }
}

const pictureOf = (blob) => make("img", { src: URL.createObjectURL(blob), alt: say("photo") });

function fileOf(file) {
  const name = make("b", { dir: "auto" }, file.name);
  return make("span", { className: "file" }, make("span", { className: "file-sign" }, icon("file")), make("span", {}, name, make("small", {}, sizeOf(file.size))));
}
