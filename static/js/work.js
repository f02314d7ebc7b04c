// A form beyond what a network sends costs its browser a second or two of work: a number that
// makes the SHA-256 of the form's stamp begin with zeros. People then need not wait. Without
// script the page has said when to send the form again.

const AT_ONCE = 512; // digests asked for before looking at any

for (const box of document.querySelectorAll("[data-work]")) {
  if (!crypto.subtle) continue; // no secure connection
  const form = box.closest("form");
  box.hidden = false;
  form.elements.work.value = await find(form.elements.stamp.value, Number(box.dataset.work));
  box.textContent = box.dataset.ready;
}

async function find(stamp, bits) {
  const bytes = new TextEncoder();
  for (let first = 0; ; first += AT_ONCE) {
    const tries = Array.from({ length: AT_ONCE }, (_, step) =>
      crypto.subtle.digest("SHA-256", bytes.encode(`${stamp}:${first + step}`)),
    );
    const found = (await Promise.all(tries)).findIndex((digest) => zeros(digest) >= bits);
    if (found >= 0) return first + found;
  }
}

function zeros(digest) {
  return Math.clz32(new DataView(digest).getUint32(0)); // up to 32 are counted
}
