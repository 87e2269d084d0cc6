"""The marts held against the truth: a few lines each, in the marts' own units."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pipelines.scoring.lines import ScoreLine, at_most, share, shown, targets, unavailable
from pipelines.scoring.view import View

Judge = Callable[[View, pl.DataFrame, str], list[ScoreLine]]


def score_marts(view: View, city_region_id: str) -> list[ScoreLine]:
    """Lines for every mart of the first release; a missing mart says so."""
    judges: dict[str, Judge] = {
        "return_to_work_daily": _return_to_work,
        "migration_daily": _migration,
        "epidemic_daily": _epidemic,
        "voucher_campaign_daily": _vouchers,
        "supply_demand_forecast": _forecast,
        "price_leads": _leads,
        "footfall_daily_summary": _footfall,
    }
    lines: list[ScoreLine] = []
    for name, judge in judges.items():
        rows = view.mart(name)
        if rows is None:
            why = f"marts.{name} holds nothing for {view.start}..{view.end}"
            lines.append(unavailable(name, "all measures", why))
        else:
            lines += judge(view, rows, city_region_id)
    return lines


def _present(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose values were measured on their own day."""
    return rows.filter(pl.col("missing_reason").is_null())


def _return_to_work(view: View, rows: pl.DataFrame, city: str) -> list[ScoreLine]:
    name, target = "return_to_work_daily", targets()["return_to_work_daily"]
    truth = view.known("power_index_daily").with_columns(
        pl.when(pl.col("region_id") == "all").then(pl.lit(city)).otherwise("region_id")
        .alias("region_id")
    )  # fmt: skip
    keys = ["data_date", "region_id", "industry_code"]
    joined = truth.join(
        _present(rows).filter(pl.col("scale") == "all", pl.col("index_value").is_not_null()),
        on=keys,
        suffix="_mart",
    ).with_columns(
        (pl.col("index_value") - pl.col("index_value_mart").cast(pl.Float64)).abs().alias("error")
    )
    whole_city = (pl.col("region_id") == city) & (pl.col("industry_code") == "all")
    cells = (pl.col("region_id") != city) & (pl.col("industry_code") != "all")
    large = pl.col("enterprise_count") >= target["cell_enterprises"]
    lines = []
    for measure, which, limit in (
        ("city index: largest error", whole_city, target["city_points"]),
        (
            "district x industry index: largest error",
            cells & large,
            target["cell_points"],
        ),
    ):
        wanted, found = truth.filter(which), joined.filter(which)
        if found.is_empty():
            lines.append(unavailable(name, measure, "no day has both a truth and a value"))
            continue
        worst = found.sort("error", descending=True).row(0, named=True)
        note = (
            f"{found.height} of {wanted.height} values; mean {_mean(found, 'error'):.3f}; "
            f"worst {worst['region_id']} {worst['industry_code']} on {worst['data_date']}"
        )
        lines.append(at_most(name, measure, worst["error"], limit, note))
    return lines


def _mean(rows: pl.DataFrame, column: str) -> float:
    mean = rows.select(pl.col(column).cast(pl.Float64).mean()).item()
    return float(mean) if mean is not None else 0.0


def _wape(rows: pl.DataFrame, value: str, truth: str) -> float:
    """sum |value - truth| / sum truth."""
    difference = (pl.col(value).cast(pl.Float64) - pl.col(truth)).abs().sum()
    found: float = rows.select(difference / pl.col(truth).cast(pl.Float64).sum()).item()
    return found


def _migration(view: View, rows: pl.DataFrame, _city: str) -> list[ScoreLine]:
    """What the method finds in the cells that reach k, and what rounding them costs a reader."""
    name, keys = "migration_daily", ["data_date", "from_region_id", "to_region_id"]
    moved = view.known("od_daily").filter(pl.col("from_region_id") != pl.col("to_region_id"))
    # the first day's flows need the day before, which was not dropped
    rows = _present(rows).filter(pl.col("data_date") > view.start)
    seen = view.query("SELECT * FROM lake.intermediate.int_mobility__flow_day")
    joined = (
        rows.select(*keys, pl.col("device_count").alias("published"))
        .join(seen, on=keys)
        .join(moved, on=keys, how="left")
        .with_columns(pl.col("devices").fill_null(0).cast(pl.Float64))
    )
    if joined.is_empty() or joined["devices"].sum() == 0:
        return [unavailable(name, "cells of k and more: WAPE", "no cell reached k")]
    everyone = float(moved.filter(pl.col("data_date") > view.start)["devices"].sum())
    in_cells = float(joined["devices"].sum())
    note = (
        f"{joined.height} cells; they hold {100 * share(in_cells, everyone):.0f} % of all who moved"
    )
    found = _wape(joined, "device_count", "devices")
    rounded = _wape(joined, "published", "devices")
    mean = in_cells / joined.height
    rounded_note = f"published counts are rounded; the cells hold {mean:.0f} devices on average"
    return [
        at_most(name, "cells of k and more: WAPE", found, targets()[name]["wape"], note),
        shown(name, "as published, rounded: WAPE", rounded, rounded_note),
    ]


def _epidemic(view: View, rows: pl.DataFrame, city: str) -> list[ScoreLine]:
    name, measures = "epidemic_daily", ["confirmed", "suspected", "cured", "dead"]
    truth = view.known("cases_daily").select("data_date", "region_id", *measures)
    districts = _districts(view)
    total = (
        truth.filter(pl.col("region_id").is_in(districts))
        .group_by("data_date")
        .agg(pl.col(measures).sum())
        .select("data_date", pl.lit(city).alias("region_id"), *measures)
    )
    joined = pl.concat([truth, total]).join(
        _present(rows), on=["data_date", "region_id"], how="left", suffix="_mart"
    )
    wrong = sum(
        joined.filter(
            pl.col(m).cast(pl.Int64).ne_missing(pl.col(f"{m}_mart").cast(pl.Int64))
        ).height
        for m in measures
    )
    note = f"of {joined.height * len(measures)} cumulative counts by region and day"
    target = targets()[name]["wrong_values"]
    return [at_most(name, "counts that differ", wrong, target, note)]


def _districts(view: View) -> list[str]:
    return view.known("mobility_daily")["region_id"].unique().sort().to_list()


def _vouchers(view: View, rows: pl.DataFrame, _city: str) -> list[ScoreLine]:
    name, target = "voucher_campaign_daily", targets()["voucher_campaign_daily"]
    whole = view.known("campaigns").filter(pl.col("issued_from_date") >= view.start)
    daily = view.known("voucher_daily").filter(
        pl.col("campaign_id").is_in(whole["campaign_id"].to_list())
    )
    published = rows.filter(pl.col("missing_reason").is_null())
    days = published.select("data_date", "campaign_id").unique()
    truth = (
        days.join(daily, on="campaign_id", suffix="_event")
        .filter(pl.col("data_date_event") <= pl.col("data_date"))
        .group_by("data_date", "campaign_id")
        .agg(pl.col("issued", "redeemed", "subsidy_cny", "order_cny").sum())
    )
    joined = truth.join(published, on=["data_date", "campaign_id"], suffix="_mart")
    if joined.is_empty():
        return [unavailable(name, "all measures", "no campaign lies in the window as a whole")]
    pairs = {"issued": "issued_count", "redeemed": "redeemed_count"}
    missing = target["count"] + 1
    wrong = sum(
        joined.filter(
            (pl.col(known).cast(pl.Int64) - pl.col(mart).cast(pl.Int64)).abs().fill_null(missing)
            > target["count"]
        ).height
        for known, mart in pairs.items()
    )
    known_leverage = pl.col("order_cny") / pl.col("subsidy_cny")
    difference = joined.filter(pl.col("subsidy_cny") > 0).select(
        (known_leverage - pl.col("leverage").cast(pl.Float64)).abs().max()
    )
    campaigns = joined["campaign_id"].n_unique()
    note = f"of {2 * joined.height} issued and redeemed counts of {campaigns} campaigns"
    largest = difference.item() or 0.0
    return [
        at_most(
            name,
            "counts that differ by more than the rounding",
            wrong,
            target["wrong_values"],
            note,
        ),
        at_most(name, "leverage: largest difference", largest, target["leverage"]),
    ]


def _forecast(view: View, rows: pl.DataFrame, city: str) -> list[ScoreLine]:
    """Demand is what customers wanted in shops (sold or not) plus what sites used."""
    name = "supply_demand_forecast"
    shops = view.known("demand_daily").select(
        "data_date", "region_id", "category", pl.col("demand_units").cast(pl.Float64)
    )
    sites = view.known("site_demand_daily").select(
        "data_date", "region_id", "category", pl.col("used_units").cast(pl.Float64)
        .alias("demand_units"),
    )  # fmt: skip
    both = pl.concat([shops, sites])
    total = both.with_columns(pl.lit(city).alias("region_id"))
    truth = (
        pl.concat([both, total])
        .group_by("region_id", "category", pl.col("data_date").alias("target_date"))
        .agg(pl.col("demand_units").sum().alias("true_units"))
    )
    joined = _present(rows).join(truth, on=["region_id", "category", "target_date"])
    lines = []
    for measure, which in (("city", pl.col("region_id") == city),
                           ("districts", pl.col("region_id") != city)):  # fmt: skip
        found = joined.filter(which)
        if found.is_empty():
            lines.append(unavailable(name, f"{measure}: WAPE", "no target day has come yet"))
            continue
        horizon = found.select(pl.col("horizon_days").max()).item()
        note = f"{found.height} forecasts of 1 to {horizon} days ahead"
        lines.append(
            shown(name, f"{measure}: WAPE", _wape(found, "demand_units", "true_units"), note)
        )
        inside = found.filter(
            pl.col("true_units").is_between(
                pl.col("demand_lower_units").cast(pl.Float64),
                pl.col("demand_upper_units").cast(pl.Float64),
            )
        )
        covered = share(inside.height, found.drop_nulls("demand_lower_units").height)
        lines.append(shown(name, f"{measure}: interval coverage", covered))
    return lines


def _leads(view: View, rows: pl.DataFrame, _city: str) -> list[ScoreLine]:
    """Shop x product pairs with an A or B lead against the planted gougers."""
    name, pair = "price_leads", ["shop_id", "product_id"]
    planted = view.known("gougers").filter(
        pl.col("from_date") <= view.end, pl.col("to_date") >= view.start
    )
    # a gouger whose cost nobody knows can only be found by statistics (grade C)
    provable = planted.filter(pl.col("rule") != "cost_unknown")
    graded = rows.filter(pl.col("grade").is_in(["A", "B"])).select(pair).unique()
    found = provable.join(graded, on=pair, how="semi")
    wrong = graded.join(planted, on=pair, how="anti")
    statistical = rows.filter(pl.col("grade") == "C").select(pair).unique()
    hidden = planted.filter(pl.col("rule") == "cost_unknown")
    by_statistics = hidden.join(statistical, on=pair, how="semi").height
    fen = view.known("faults").filter(pl.col("expected") == "semantic").height
    return [
        shown(name, "A and B: recall of planted gougers", share(found.height, provable.height),
              f"{found.height} of {provable.height} pairs"),
        shown(name, "A and B: precision", share(graded.height - wrong.height, graded.height),
              f"{wrong.height} of {graded.height} pairs were not planted; "
              f"{fen} prices were planted in fen"),
        shown(name, "C: recall where the cost is unknown", share(by_statistics, hidden.height),
              f"{by_statistics} of {hidden.height} pairs"),
    ]  # fmt: skip


def _footfall(view: View, rows: pl.DataFrame, _city: str) -> list[ScoreLine]:
    name = "footfall_daily_summary"
    lost = view.lost_dates("merchant", "footfall_daily")
    truth = (
        view.known("footfall_daily")
        .group_by("data_date")
        .agg(pl.col("visitors").sum(), pl.col("is_open").sum().alias("open_venues"))
        .filter(~pl.col("data_date").is_in(lost))
    )
    joined = truth.join(_present(rows), on="data_date", suffix="_mart")
    if joined.is_empty():
        return [unavailable(name, "all measures", "no day has both a truth and a value")]
    note = f"{joined.height} days; {len(lost)} days with a file lost for good left out"
    return [
        shown(name, "visitors: WAPE", _wape(joined, "visitors_mart", "visitors"), note),
        shown(name, "open venues: WAPE", _wape(joined, "open_venue_count", "open_venues"), note),
    ]
