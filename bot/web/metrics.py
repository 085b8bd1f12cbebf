"""What the operator's monitoring reads, on a port of its own that only this machine reaches, in Prometheus' format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from bot.delivery.outbox import Outbox
from bot.timekeeping import Watch
from bot.tracking.recorder import Recorder

HOST = "127.0.0.1"


class _Recording(Collector):
    """The recorder's own numbers, read when somebody asks."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def collect(self) -> Iterator[Metric]:
        recorder = self._recorder
        for name, text, value in (
            ("hits_recorded", "People's hits on disk.", recorder.recorded),
            ("answers_late", "Answers that did not wait for the disk; their hits stayed queued.", recorder.late),
            ("hits_dropped", "Requests that found the queue full and are missing from all numbers.", recorder.dropped),
            ("hits_lost", "Hits that could never be written.", recorder.lost),
        ):
            yield CounterMetricFamily(f"eyeballs_{name}", text, value)
        aside = CounterMetricFamily(
            "eyeballs_requests_set_aside", "Requests not counted, by reason.", labels=["reason"]
        )
        for reason, count in sorted(recorder.aside_by_reason.items()):
            aside.add_metric([reason], count)
        yield aside
        yield GaugeMetricFamily("eyeballs_queue_requests", "Requests whose hits are not on disk yet.", recorder.queued)
        yield GaugeMetricFamily(
            "eyeballs_queue_seconds", "How long the oldest of them has been waiting.", recorder.waiting_seconds
        )


class _Deliveries(Collector):
    """What became of digests, alerts and notices since the start."""

    def __init__(self, outboxes: Mapping[str, Outbox]) -> None:
        self._outboxes = outboxes

    def collect(self) -> Iterator[Metric]:
        for kind, outbox in self._outboxes.items():
            for name, text, count in (
                ("sent", "that stand in their channels.", outbox.sent),
                ("unknown", "of which Discord did not say whether they stand; not sent again.", outbox.unknown),
                ("errors", "whose attempt failed by a fault of our own; the log has it.", outbox.errors),
            ):
                yield CounterMetricFamily(f"eyeballs_{kind}_{name}", f"{kind.capitalize()} {text}", count)
            for name, text, counts in (
                ("skipped", "not sent: missed while Eyeballs was down, or there was nothing to tell.", outbox.skipped),
                ("failed", "that Discord refused, or that could not be posted in time.", outbox.failed),
            ):
                family = CounterMetricFamily(
                    f"eyeballs_{kind}_{name}", f"{kind.capitalize()} {text}", labels=["reason"]
                )
                for reason, count in sorted(counts.items()):
                    family.add_metric([reason], count)
                yield family
        waiting = self._outboxes["digests"].waiting
        yield GaugeMetricFamily("eyeballs_queue_digests", "Digests that are due and not sent yet.", waiting)


class _Time(Collector):
    """Whether the clock is believed."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        trusted = GaugeMetricFamily("eyeballs_clock_trusted", "1, or 0 while jobs wait since the clock leapt.")
        trusted.add_metric([], self._watch.is_trusted())
        yield trusted
        yield GaugeMetricFamily(
            "eyeballs_clock_leap_seconds",
            "By how much the clock is ahead of the time that is believed (negative: behind).",
            self._watch.leap_seconds,
        )


@asynccontextmanager
async def serve_metrics(
    recorder: Recorder, outboxes: Mapping[str, Outbox], watch: Watch, port: int | None
) -> AsyncIterator[int | None]:
    """Answer `/metrics` on the loopback address until the block ends; yields the port. Without a port: nothing."""
    if port is None:
        yield None
        return
    registry = CollectorRegistry()
    registry.register(_Recording(recorder))
    registry.register(_Deliveries(outboxes))
    registry.register(_Time(watch))
    ProcessCollector(registry=registry)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/metrics":
            return web.Response(status=404, text="Not found; the numbers are at /metrics\n")
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
