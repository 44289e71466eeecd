"""The row about the exporter itself."""

from parts.links import PAGE, SLOW_RUNBOOK
from parts.panels import GREEN, ORANGE
from parts.panels import link, query, row, state_timeline, table, thresholds, timeseries, values
from parts.queries import NODE, NODE_LEGEND, NODES, OF_EXPORTERS, at_end, chosen_nodes, rate


def lines():
    return [
        (1, (row(400, "The exporter itself"), 24)),
        (7, (_success(), 8), (_reading_time(), 8), (_scrape_time(), 8)),
        (7, (_readings(), 8), (_transactions(), 8), (_versions(), 8)),
        (7, (_processor(), 8), (_memory(), 8), (_samples(), 8)),
    ]


def _success():
    return state_timeline(
        401,
        "Whether the rules can be read",
        """Of the backend that kube-proxy uses, in all families and in time. A gap: the exporter was not
        scraped. The twenty nodes where it failed, or others.""",
        query(
            chosen_nodes(
                f"min by ({NODE}) (iptables_scrape_collector_success{{{NODES}}})",
                f"min by ({NODE}) ({at_end('min_over_time', 'iptables_scrape_collector_success', NODES)})",
                "bottomk",
            ),
            NODE_LEGEND,
        ),
        mappings=[values(_0=("fails", ORANGE), _1=("works", GREEN))],
        steps=thresholds(ORANGE, (1, GREEN)),
        links=[PAGE, link("Runbook", "${runbooks}#kubeiptablesexporterfailing")],
    )


def _reading_time():
    return timeseries(
        402,
        "How long a reading takes",
        """To read, interpret and compare all tables. An alert is raised above two seconds. The first reading
        takes longer: every rule is new. The twenty slowest.""",
        query(
            chosen_nodes(
                f"max by ({NODE}) (iptables_reading_duration_seconds{{{NODES}}})",
                f"max by ({NODE}) ({at_end('max_over_time', 'iptables_reading_duration_seconds', NODES)})",
            ),
            NODE_LEGEND,
        ),
        unit="s",
        limit=2,
        calcs=("mean", "max"),
        links=[PAGE, SLOW_RUNBOOK],
    )


def _scrape_time():
    return timeseries(
        403,
        "How long a scrape takes",
        """On the slowest node: as Prometheus sees it, and what each collector has of it. A scrape that takes
        longer than its timeout is lost.""",
        query(f"max(scrape_duration_seconds{{{NODES}}} {OF_EXPORTERS})", "scrape"),
        query(
            f"max by (collector) (iptables_scrape_collector_duration_seconds{{{NODES}}})",
            "collector {{collector}}",
        ),
        unit="s",
        calcs=("mean", "max"),
    )


def _readings():
    all_of_them = f"sum({rate('iptables_readings_total', NODES)})"
    unasked = f"sum({rate('iptables_watch_readings_total', NODES)})"
    return timeseries(
        404,
        "Readings",
        "For scrapes, and between them (--watch-interval) because something had changed.",
        query(f"{all_of_them} - {unasked}", "for scrapes"),
        query(unasked, "between scrapes"),
        unit="suffix: /s",
        stacked=True,
        calcs=("mean",),
    )


def _transactions():
    return timeseries(
        405,
        "Transactions of nf_tables",
        """By the process that committed them, of whatever table; none where no node uses nf_tables. Lost
        announcements came faster than the exporter took them.""",
        query(
            f"topk(20, sum by (process) ({rate('iptables_nft_transactions_total', NODES)}))", "{{process}}"
        ),
        query(f"sum({rate('iptables_nft_event_overruns_total', NODES)})", "lost announcements"),
        unit="suffix: /s",
        calcs=("mean", "max"),
    )


def _versions():
    exporters = f"iptables_exporter_build_info{{{NODES}}}"
    return table(
        406,
        "Versions",
        "How many exporters of each version there are.",
        query(f"count by (version, revision, swiftversion) ({exporters})", table=True),
        labels={"version": "Version", "revision": "Revision", "swiftversion": "Swift"},
        names=["Exporters"],
    )


def _processor():
    used = f"sum by ({NODE}) ({rate('process_cpu_seconds_total', NODES)} {OF_EXPORTERS})"
    most = at_end("rate", "process_cpu_seconds_total", NODES)
    return timeseries(
        407,
        "Processor time",
        "Of one processor. The twenty that use most.",
        query(chosen_nodes(used, f"sum by ({NODE}) ({most} {OF_EXPORTERS})"), NODE_LEGEND),
        unit="percentunit",
        calcs=("mean", "max"),
        links=[PAGE],
    )


def _memory():
    resident = f"sum by ({NODE}) (process_resident_memory_bytes{{{NODES}}} {OF_EXPORTERS})"
    most = at_end("max_over_time", "process_resident_memory_bytes", NODES)
    return timeseries(
        408,
        "Memory",
        "Resident memory. It grows with the largest table that was read. The twenty that use most.",
        query(chosen_nodes(resident, f"sum by ({NODE}) ({most} {OF_EXPORTERS})"), NODE_LEGEND),
        unit="bytes",
        links=[PAGE],
    )


def _samples():
    return timeseries(
        409,
        "Samples per scrape",
        """Series that each exporter serves; the twenty with the most. Documentation/cardinality.md says what they
        depend on, and what to do about them.""",
        query(
            chosen_nodes(
                f"sum by ({NODE}) (scrape_samples_scraped{{{NODES}}} {OF_EXPORTERS})",
                f"sum by ({NODE}) ({at_end('max_over_time', 'scrape_samples_scraped', NODES)} {OF_EXPORTERS})",
            ),
            NODE_LEGEND,
        ),
        decimals=0,
        links=[PAGE],
    )
