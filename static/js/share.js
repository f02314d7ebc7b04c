// Hands the page's address on: the device's own share sheet where there is one, else the
// clipboard. Without script, or without either, the e-mail link beside it does.

for (const box of document.querySelectorAll("[data-share]")) {
  const { title, url } = box.dataset;
  const share = box.querySelector("[data-share-button]");
  const copy = box.querySelector("[data-copy-button]");
  const done = box.querySelector("[role=status]");

  if (navigator.share) {
    share.hidden = false;
    share.addEventListener("click", async () => {
      try {
        await navigator.share({ title, url });
      } catch (error) {
        if (error.name !== "AbortError") throw error; // they thought better of it
      }
    });
  } else if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(url);
      done.textContent = done.dataset.copied;
    });
  }
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
