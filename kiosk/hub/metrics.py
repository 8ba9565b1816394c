"""Figures for Prometheus: what this process answered, and what the database holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

CONTENT_TYPE = CONTENT_TYPE_LATEST

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable for the folder where several processes keep their figures; read as it is loaded."""

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STATE = text("""
SELECT (SELECT count(*) FROM envelope WHERE decided_at IS NULL),
       (SELECT coalesce(extract(epoch FROM now()) * 1000 - min(received_ms), 0)
        FROM envelope WHERE decided_at IS NULL),
       (SELECT count(*) FROM quarantine WHERE closed_at IS NULL),
       (SELECT coalesce(sum(last - next + 1), 0) FROM card_pool WHERE next <= last)
""")
_KIOSKS = text("SELECT state, training, count(*) FROM kiosk GROUP BY state, training")


class Metrics:
    """The figures of one process; where `SHARED` names a folder, together with those of the others."""

    def __init__(self, engine: Engine) -> None:
        self._database = _Database(engine)
        self._own = None if SHARED in os.environ else CollectorRegistry()
        self._requests = Counter(
            "kiosk_hub_requests", "Requests answered", ["route", "status"], registry=self._own
        )
        self._envelopes = Counter(
            "kiosk_hub_envelopes",
            "Envelopes by what became of them",
            ["status", "carrier"],
            registry=self._own,
        )
        self._seconds = Histogram(
            "kiosk_hub_request_seconds",
            "How long an answer took",
            ["route"],
            buckets=_BUCKETS,
            registry=self._own,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Counts one answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def taken(self, statuses: Mapping[str, int], carrier: str) -> None:
        """Counts envelopes."""
        for status, count in statuses.items():
            self._envelopes.labels(status, carrier).inc(count)

    def text(self) -> bytes:
        """All figures as Prometheus reads them."""
        everything = CollectorRegistry()
        everything.register(self._database)
        if self._own is None:
            MultiProcessCollector(everything)  # type: ignore[no-untyped-call]  # it has no types
        else:
            everything.register(self._own)
        return generate_latest(everything)


class _Database(Collector):
    """Figures asked of the database when they are read; none of them where it does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _tried(self._figures)

    def _figures(self) -> list[Metric]:
        with self._engine.connect() as connection:
            waiting, oldest, kept, cards = connection.execute(_STATE).one()
            kiosks = connection.execute(_KIOSKS).all()
        by_state = GaugeMetricFamily(
            "kiosk_hub_kiosks", "Kiosks by state and class", labels=["state", "class"]
        )
        for state, training, count in kiosks:
            by_state.add_metric([state, "training" if training else "real"], count)
        return [
            GaugeMetricFamily("kiosk_hub_waiting", "Records that wait for a decision", value=waiting),
            GaugeMetricFamily(
                "kiosk_hub_oldest_waiting_seconds", "Since when the oldest waits", value=float(oldest) / 1000
            ),
            GaugeMetricFamily("kiosk_hub_quarantine", "Envelopes for a person to look at", value=kept),
            GaugeMetricFamily("kiosk_hub_cards_free", "Card numbers that may be leased", value=int(cards)),
            by_state,
        ]


def _tried(figures: Callable[[], list[Metric]]) -> list[Metric]:
    try:
        return [_up(value=1), *figures()]
    except SQLAlchemyError:
        return [_up(value=0)]


def _up(*, value: int) -> Metric:
    return GaugeMetricFamily("kiosk_hub_database_up", "Whether the database answers", value=value)
