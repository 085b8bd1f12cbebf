(() => {
  const page = document.querySelector("[data-view]");
  if (!page || !window.IntersectionObserver || !navigator.sendBeacon) return;
  const HALF = 0.5, SECOND = 1000, GATHER = 400;
  const inView = new Set(), timers = new Map();
  let ready = [], sending = 0;
  const send = () => {
    clearTimeout(sending);
    sending = 0;
    if (ready.length) navigator.sendBeacon(page.dataset.seen, page.dataset.view + " " + ready.join(" "));
    ready = [];
  };
  const stop = (link) => {
    clearTimeout(timers.get(link));
    timers.delete(link);
  };
  const start = (link) => {
    if (timers.has(link)) return;
    timers.set(link, setTimeout(() => {
      watch.unobserve(link);
      inView.delete(link);
      ready.push(link.dataset.n);
      sending = sending || setTimeout(send, GATHER);
    }, SECOND));
  };
  const watch = new IntersectionObserver((changes) => {
    for (const change of changes) {
      const link = change.target;
      if (change.isIntersecting && change.intersectionRatio >= HALF) {
        inView.add(link);
        if (!document.hidden) start(link);
      } else {
        inView.delete(link);
        stop(link);
      }
    }
  }, { threshold: [0, HALF] });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return inView.forEach(start);
    inView.forEach(stop);
    send();
  });
  addEventListener("pagehide", send);
  document.querySelectorAll("[data-n]").forEach((link) => watch.observe(link));
})();
