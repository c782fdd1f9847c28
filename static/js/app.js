/* Pishkhan: our only script. No framework, no inline handlers, no eval.
   Everything is delegated from the document, so it survives swaps. Every page works without it. */
(() => {
  const d = document, root = d.documentElement;
  const $ = (s, c = d) => c.querySelector(s), $$ = (s, c = d) => [...c.querySelectorAll(s)];
  const cookie = (name, value) => { d.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${location.protocol === 'https:' ? ';secure' : ''}`; };
  const isVisible = e => e.getClientRects().length > 0;
  const isTyping = e => e.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName) && !/^(radio|checkbox|button|submit)$/.test(e.type));

  // Toasts --------------------------------------------------------------------------------------------------
  const leave = (toast, after) => setTimeout(() => toast.remove(), after);
  function say(text, tone) {
    const toast = d.createElement('div');
    toast.className = tone ? `toast toast-${tone}` : 'toast';
    toast.textContent = text;
    $('#toasts').append(toast);
    leave(toast, tone ? 8000 : 2500);
  }

  function open(dialog) { dialog.showModal(); $('[data-first]', dialog)?.focus(); }

  // Shortcuts -----------------------------------------------------------------------------------------------
  // By KeyboardEvent.code, so they work with a Persian layout too. Off while typing; inside an open dialog only its own.
  let chord = -9e3;
  d.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || isTyping(e.target)) return;
    const dialog = $('dialog[open]');
    if (!dialog && (e.key === '?' || e.key === '؟' || (e.code === 'Slash' && e.shiftKey))) { const keys = $('#keys'); if (keys) open(keys); return; }
    if (root.dataset.keys === 'off') return;
    // G, then a letter: another screen; so long no letter means anything else.
    if (!dialog && e.timeStamp - chord < 1500) { chord = -9e3; $(`[data-go="${CSS.escape(e.code)}"]`)?.click(); return; }
    if (!dialog && e.code === 'KeyG') { chord = e.timeStamp; return; }
    const search = !dialog && e.code === 'Slash' && $$('input[type=search]').find(isVisible);
    if (search) { e.preventDefault(); search.select(); return; }
    const target = $$(`[data-key="${CSS.escape(e.code)}"]`, dialog || d).find(isVisible);
    if (target) { e.preventDefault(); target.focus(); target.click(); return; }
    if (!dialog && (e.code === 'KeyJ' || e.code === 'KeyK')) {
      const links = $$('.qi a').filter(isVisible), now = links.findIndex(a => a.hasAttribute('aria-current'));
      links[Math.max(0, Math.min(links.length - 1, now + (e.code === 'KeyJ' ? 1 : -1)))]?.click();
    }
  });

  d.addEventListener('keydown', e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.matches('[data-send]')) { e.preventDefault(); e.target.form.requestSubmit(); }
  });

  // Clicks --------------------------------------------------------------------------------------------------
  const actions = {
    async copy(b) {
      try { await navigator.clipboard.writeText(b.dataset.copy); } catch { return; }
      say(d.body.dataset.sayCopied);
    },
    dialog(b, e) {
      const dialog = $('#' + b.dataset.dialog);
      if (dialog) { e.preventDefault(); if (!dialog.open) open(dialog); }
    },
    reveal(b) {
      const box = $('#' + b.dataset.reveal);
      box.type = (b.ariaPressed = box.type === 'password') ? 'text' : 'password';
    },
    close(b, e) { e.preventDefault(); b.closest('dialog').close(); },
    'switch-theme'(b, e) {
      e.preventDefault();
      cookie('theme', root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark');
    },
    put(b, e) {
      const box = $('#' + b.dataset.put);
      if (!box) return;
      e.preventDefault();
      box.value += (box.value && !/\s$/.test(box.value) ? '\n' : '') + b.dataset.words;
      box.focus();
    },
    zoom(b) { zoomBy(b.dataset.zoom === 'in' ? 1.5 : 1 / 1.5); },
    rotate() { view(v => { v.r += 90; }); },
  };
  d.addEventListener('click', e => {
    $$('details.menu[open]').forEach(m => { if (!m.contains(e.target)) m.open = false; });
    for (const [name, act] of Object.entries(actions)) {
      const b = e.target.closest(`[data-${name}]`);
      if (b) { act(b, e); return; }
    }
  });
  d.addEventListener('keydown', e => { if (e.key === 'Escape') $$('details.menu[open]').forEach(m => { m.open = false; $('summary', m).focus(); }); });

  d.addEventListener('change', e => {
    if (e.target.matches('[data-keys-switch]')) {
      root.dataset.keys = e.target.checked ? 'on' : 'off';
      cookie('keys', root.dataset.keys);
    }
    if (e.target.dataset.mostBytes) {
      e.target.setCustomValidity(e.target.files[0]?.size > e.target.dataset.mostBytes ? e.target.dataset.sayLarge : '');
      e.target.reportValidity();
    }
    if (e.target.name === 'reason_code') {
      // Words for another reason must not go out unseen.
      const own = $('#reason-text');
      own.disabled = e.target.value !== 'other';
      if (!own.disabled) own.focus();
    }
  });
  let unsaved = false, pressed;
  d.addEventListener('submit', e => { unsaved = false; pressed = e.submitter; });
  addEventListener('beforeunload', e => { if (unsaved) e.preventDefault(); });
  // Amounts are set apart in thousands, in whatever digits.
  function group(box) {
    const bare = box.value.replace(/[,٬،\s]/g, ''), behind = box.value.length - box.selectionEnd;
    if (!/^[0-9۰-۹٠-٩]+$/.test(bare)) return;
    box.value = bare.replace(/.(?=(...)+$)/g, /[0-9]/.test(bare) ? '$&,' : '$&٬');
    box.setSelectionRange(box.value.length - behind, box.value.length - behind);
  }
  d.addEventListener('input', e => {
    if (e.target.closest('[data-guard]')) unsaved = true;
    if (e.target.matches('[data-money]')) group(e.target);
    const mirror = e.target.dataset.mirror;
    if (mirror) $('#' + mirror).textContent = e.target.value.trim() || $('#' + mirror).dataset.empty;
  });

  // The picture: zoom, drag, turn. Set through the CSSOM, which style-src 'self' allows. -------------------------
  const views = new WeakMap(), fresh = () => ({ z: 1, r: 0, x: 0, y: 0 });
  function view(change) {
    const img = $('[data-shot]');
    if (!img) return;
    const v = views.get(img) || fresh();
    change(v);
    if (v.z === 1) v.x = v.y = 0;
    views.set(img, v);
    img.style.transform = `translate(${v.x}px, ${v.y}px) scale(${v.z}) rotate(${v.r}deg)`;
    img.classList.toggle('is-zoomed', v.z > 1);
  }
  const zoomBy = factor => view(v => { v.z = Math.max(1, Math.min(5, v.z * factor)); if (v.z < 1.05) v.z = 1; });
  let drag;
  d.addEventListener('pointerdown', e => {
    if (!e.target.matches?.('[data-shot]') || e.button) return;
    drag = { x: e.clientX, y: e.clientY, moved: 0 };
    if (e.target.classList.contains('is-zoomed')) { e.preventDefault(); e.target.setPointerCapture(e.pointerId); }
  });
  d.addEventListener('pointermove', e => {
    if (!drag || !e.target.matches?.('.is-zoomed')) return;
    const dx = e.clientX - drag.x, dy = e.clientY - drag.y;
    drag = { x: e.clientX, y: e.clientY, moved: drag.moved + Math.abs(dx) + Math.abs(dy) };
    view(v => { v.x += dx; v.y += dy; });
  });
  d.addEventListener('pointerup', e => {
    if (drag && drag.moved < 6 && e.target.matches?.('[data-shot]')) view(v => { v.z = v.z > 1 ? 1 : 2.2; });
    drag = null;
  });
  d.addEventListener('wheel', e => {
    if (e.target.matches?.('[data-shot]')) { e.preventDefault(); zoomBy(e.deltaY < 0 ? 1.15 : 1 / 1.15); }
  }, { passive: false });
  d.addEventListener('error', e => { if (e.target.matches?.('[data-shot]')) e.target.closest('.shot').classList.add('is-missing'); }, true);

  // Chart tips ----------------------------------------------------------------------------------------------
  let tip;
  d.addEventListener('pointerover', e => {
    const bar = e.target.closest?.('[data-tip]');
    if (!bar) { tip?.remove(); tip = null; return; }
    if (!tip) { tip = d.createElement('div'); tip.className = 'tip'; d.body.append(tip); }
    tip.textContent = bar.dataset.tip;
    const r = bar.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(innerWidth - tip.offsetWidth - 8, r.left + r.width / 2 - tip.offsetWidth / 2)) + 'px';
    tip.style.top = Math.max(8, r.top - tip.offsetHeight + 30) + 'px';
  });

  // The line to the server: a stream of snapshots, or asking now and then where none can live. ------------------
  const ASK = 20000, SILENCE = 40000;
  let heard = Date.now() - SILENCE + 12000, asked = 0, line;
  const isQuiet = e => e.detail.ctx?.sourceElement?.matches('[data-live], [data-live] *, [data-look]');
  function lose() { root.dataset.line = 'off'; ask(); }
  function ask() {
    if (Date.now() - asked < ASK) return;
    asked = Date.now();
    const poll = $('[data-poll]');
    if (poll) htmx.trigger(poll, 'poll');
  }
  d.addEventListener('htmx:sse:after:connection', e => { line = e.detail.connection; });
  d.addEventListener('htmx:sse:after:message', () => { heard = Date.now(); asked = 0; root.dataset.line = 'on'; });
  d.addEventListener('htmx:sse:error', e => { if (e.detail.status === 401) asked = 0; lose(); });
  setInterval(() => {
    if (d.hidden) { heard = Math.max(heard, Date.now() - SILENCE / 2); return; }
    if (Date.now() - heard > SILENCE && $('[data-live]')) { heard = Date.now(); line?.reader?.cancel(); lose(); }
    if (root.dataset.line === 'off') ask();
  }, 2000);

  // Colleagues see who looks at a receipt, for as long as somebody really does. ------------------------------
  const look = () => { const here = $('[data-look]'); if (here && !d.hidden) htmx.trigger(here, 'look'); };
  setInterval(look, 25000);
  d.addEventListener('visibilitychange', look);
  addEventListener('pageshow', e => { if (e.persisted) look(); });
  function unlook(id) {
    const token = $('[name=_csrf_token]');
    if (id && token) navigator.sendBeacon(`/receipts/${id}/leave`, new URLSearchParams({ _csrf_token: token.value }));
  }
  addEventListener('pagehide', () => { if ($('[data-look]')) unlook(item); });

  // After a swap the frame follows the desk: title, counts, classes, and the focus of keyboard and screen reader. ---
  let item = $('#desk')?.dataset.item;
  let wasAtAct;
  const rings = new WeakSet(), calm = matchMedia('(prefers-reduced-motion: reduce)');
  function settle(e) {
    const isLive = e?.detail?.ctx && isQuiet(e);
    $$('dialog[data-modal][open]').forEach(x => { if (!x.matches(':modal')) { x.close(); open(x); } });
    $$('#toasts .toast:not([data-on])').forEach(t => { t.dataset.on = 1; leave(t, 8000); });
    $$('#toasts form').slice(0, -1).forEach(f => f.closest('.toast').remove());
    const held = $$('#hold .toast');
    d.body.style.setProperty('--held', held.length);
    held.filter(t => !rings.has(t)).forEach(t => {
      rings.add(t);
      // Not in attributes: a morph would set those back, and the ring would jump.
      if (!calm.matches) $('.go', t).animate({ strokeDashoffset: [0, 100] }, { duration: +t.dataset.left, fill: 'forwards' });
      leave(t, +t.dataset.left + 1500);
    });
    $$('[data-keys-switch]').forEach(x => { x.checked = root.dataset.keys !== 'off'; });
    const img = $('[data-shot]');
    if (img?.complete && !img.naturalWidth) img.closest('.shot').classList.add('is-missing');
    // Sorting by hand; the arrows do the same.
    $$('[data-sortable]').forEach(list => {
      const form = d.getElementById(list.dataset.sortable);
      if (!window.Sortable || !form || Sortable.get(list)) return;
      Sortable.create(list, {
        handle: '.grip', animation: calm.matches ? 0 : 150,
        onEnd(end) {
          if (end.oldIndex === end.newIndex) return;
          form.elements.order.value = this.toArray().join();
          form.requestSubmit();
        },
      });
    });
    if (!isLive) $('.shelf [data-focus], .field [data-focus]')?.focus();
    // The button under the finger became the outcome: stay there.
    if (isLive && wasAtAct && d.activeElement === d.body) $('#act')?.focus();
    const desk = $('#desk'), facts = $('#facts')?.dataset;
    if (facts) {
      if (facts.title) d.title = facts.title;
      const counts = { receipts: facts.waiting, tickets: facts.tickets };
      for (const [id, n] of Object.entries(counts)) {
        if (n !== undefined) $$(`[data-count-of=${id}]`).forEach(c => { c.textContent = n; c.hidden = !n; });
      }
    }
    if (!desk) return;
    d.body.classList.toggle('has-item', desk.classList.contains('has-item'));
    if (desk.dataset.item !== item) {
      if (!desk.dataset.item) unlook(item);
      item = desk.dataset.item;
      $('[data-focus]', desk)?.focus({ preventScroll: true });
      if (innerWidth <= 720) scrollTo(0, 0);
      $('.qi.on', desk)?.scrollIntoView({ block: 'nearest' });
    }
  }
  // A pressed button is off until its answer, or replaced by it: back to it.
  const back = () => queueMicrotask(() => {
    const it = pressed && d.activeElement === d.body && (d.getElementById(pressed.id) || $(`[action="${pressed.form?.getAttribute('action')}"] [type=submit]`));
    if (it) (it.closest('details:not([open])')?.firstElementChild || it).focus();
  });
  d.addEventListener('DOMContentLoaded', settle);
  d.addEventListener('htmx:after:swap', e => { settle(e); back(); });
  d.addEventListener('htmx:finally:request', back);
  // A modal dialog replaced while open leaves the page inert.
  d.addEventListener('htmx:before:swap', e => {
    wasAtAct = isQuiet(e) && !!d.activeElement.closest('#act');
    if (!isQuiet(e)) $$('dialog[open]').forEach(x => x.close());
  });
  d.addEventListener('htmx:response:error', e => {
    if (isQuiet(e)) lose();
    else if (e.detail.ctx.response.status >= 500) say(d.body.dataset.sayFailed, 'bad');
  });
  d.addEventListener('htmx:error', e => {
    if (!e.detail.ctx) return;
    if (isQuiet(e)) lose();
    else say(d.body.dataset.sayOffline, 'bad');
  });
})();
