// "Use my position": the browser's own, rounded to about a kilometre before it leaves the device.
for (const button of document.querySelectorAll("[data-use-position]")) {
  if (!navigator.geolocation) continue;
  const box = button.closest("[data-place-box]");
  const field = box.querySelector("input[name=near]");
  const says = box.querySelector("[data-position-says]");
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    says.textContent = "";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        field.value = `${coords.latitude.toFixed(2)}, ${coords.longitude.toFixed(2)}`;
        field.form.requestSubmit();
      },
      () => {
        button.disabled = false;
        says.textContent = button.dataset.failed;
        field.focus();
      },
      { maximumAge: 600000, timeout: 10000 },
    );
  });
}
