/* The box in which a ticket is answered: nothing typed there gets lost, and "/" finds a ready
   answer. The page works without it. */
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
  const typed = () => $('#words').dispatchEvent(new Event('input', { bubbles: true }));
  // A chosen answer is put there by the frame's script, without an event.
  d.addEventListener('click', e => { if (e.target.closest('[data-put]')) setTimeout(typed); });

  // "/" in the empty box: a field that finds, above the list of what it found. ----------------------------------
  const bare = s => s.toLowerCase().replace(/[يى]/g, 'ی').replace(/ك/g, 'ک').replace(/[\u200c\s]+/g, ' ').trim();
  const found = () => [...d.querySelectorAll('#find li:not([hidden])')];
  function mark(at) {
    const all = found(), now = all[(at + all.length) % all.length];
    $('#find [aria-selected=true]')?.setAttribute('aria-selected', 'false');
    now?.setAttribute('aria-selected', 'true');
    now?.scrollIntoView({ block: 'nearest' });
    $('#find input').setAttribute('aria-activedescendant', now ? now.id : '');
  }
  function find() {
    const shape = $('#find-shape');
    if (!shape) return;
    $('#words').value = '';
    $('#words').after(shape.content.firstElementChild.cloneNode(true));
    d.querySelectorAll('#ready [data-put]').forEach((a, n) => {
      const row = d.createElement('li'), name = d.createElement('b'), words = a.dataset.words;
      name.textContent = a.textContent;
      row.append(name, d.createTextNode(words));
      row.id = `find-${n}`;
      row.setAttribute('role', 'option');
      row.setAttribute('aria-selected', 'false');
      row.dataset.words = words;
      row.dir = 'auto';
      $('#find-list').append(row);
    });
    $('#find input').focus();
    mark(0);
  }
  // With words it is done, with "/" somebody meant just that.
  function done(words) {
    const box = $('#words');
    $('#find').remove();
    box.value = words;
    box.focus();
    if (words && words !== '/') typed();
  }
  d.addEventListener('input', e => {
    if (e.target.id === 'words' && e.target.value === '/' && e.inputType) find();
    if (!e.target.matches('#find input')) return;
    const wanted = bare(e.target.value), none = $('#find [data-none]');
    d.querySelectorAll('#find li').forEach(row => { row.hidden = !bare(row.textContent).includes(wanted); });
    none.textContent = found().length ? '' : none.dataset.none;
    mark(0);
  });
  d.addEventListener('keydown', e => {
    if (!e.target.matches('#find input') || e.isComposing) return;
    const all = found(), at = all.findIndex(row => row.getAttribute('aria-selected') === 'true');
    const acts = {
      ArrowDown: () => mark(at + 1),
      ArrowUp: () => mark(at - 1),
      Enter: () => all[at] && done(all[at].dataset.words),
      Escape: () => done('/'),
    };
    if (e.key === 'Backspace' && !e.target.value) acts.Backspace = () => done('');
    if (acts[e.key]) { e.preventDefault(); acts[e.key](); }
  });
  // Before the field loses its focus to the row.
  d.addEventListener('pointerdown', e => {
    const row = e.target.closest('#find li');
    if (row) { e.preventDefault(); done(row.dataset.words); }
  });
  d.addEventListener('focusout', e => { if (e.target.matches('#find input')) setTimeout(() => { if (!$('#find')?.contains(d.activeElement)) $('#find')?.remove(); }); });
  const hint = () => { if ($('#find-shape')) $('#words').placeholder = $('#find-shape').dataset.hint; };
  d.addEventListener('DOMContentLoaded', hint);
  d.addEventListener('htmx:after:swap', hint);
})();
