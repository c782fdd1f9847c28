/* The box in which a ticket is answered: nothing typed there gets lost. The page works without it. */
(() => {
  const d = document, $ = s => d.querySelector(s);
  const isDraft = e => e.detail.ctx?.sourceElement?.matches('[data-draft]');

  // The draft. htmx sends it at every pause; here is what htmx does not know: whether it arrived. ---------------
  let unkept = false, isLost = false, sent;
  const keep = () => { if (unkept && $('[data-draft]')) htmx.trigger($('[data-draft]'), 'keep'); };
  function tell(what) {
    isLost = what === 'lost';
    const line = $('#draft');
    if (line) line.textContent = what ? line.dataset[what] : '';
  }
  d.addEventListener('input', e => { if (e.target.id === 'words') unkept = true; });
  d.addEventListener('htmx:before:request', e => { if (isDraft(e)) sent = $('#words').value; });
  d.addEventListener('htmx:after:request', e => {
    if (!isDraft(e) || e.detail.ctx.response.status !== 204) return;
    unkept = $('#words').value !== sent;
    tell(sent.trim() ? 'kept' : '');
  });
  // In front of the frame's own listeners: one line beside the box, not a toast at every pause.
  const lose = e => {
    if (!isDraft(e)) return;
    e.stopImmediatePropagation();
    unkept = true;
    tell('lost');
    setTimeout(keep, 5000);
  };
  d.addEventListener('htmx:error', lose, true);
  d.addEventListener('htmx:response:error', lose, true);
  addEventListener('online', keep);
  // The box is new, with what the server knows of it.
  d.addEventListener('htmx:after:swap', e => { if (e.detail.ctx?.target?.id === 'ticket') unkept = isLost = false; });
  function leave() {
    const token = $('[name=_csrf_token]'), box = $('#words');
    if (!unkept || !token || !box) return;
    const fields = { _csrf_token: token.value, form_key: $('#form-key').value, words: box.value };
    navigator.sendBeacon(`${location.pathname}/draft`, new URLSearchParams(fields));
  }
  addEventListener('pagehide', leave);
  d.addEventListener('visibilitychange', () => { if (d.hidden) leave(); });
  addEventListener('beforeunload', e => { if (unkept && isLost) e.preventDefault(); });
  // A chosen answer is typed by the frame's script, without an event.
  d.addEventListener('click', e => {
    if (e.target.closest('[data-put]')) setTimeout(() => $('#words').dispatchEvent(new Event('input', { bubbles: true })));
  });
})();
