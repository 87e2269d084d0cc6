{#- A station's counts of the day beside its baseline: stations that reported, and stations of the
    baseline that did not. -#}
with today as (
  select * from {{ ref('int_ticketing__station_count') }}
  where {{ in_window() }}
),

reported_modes as (
  select distinct data_date, mode from today
),

baselines as (
  select
    kinds.data_date,
    kinds.mode,
    kinds.baseline_kind,
    counts.line,
    counts.station,
    count(*) as baseline_day_count,
    cast(sum(counts.boardings) as double) / count(*) as baseline_boardings,
    cast(sum(counts.alightings) as double) / count(*) as baseline_alightings,
    max(counts.is_renamed) as was_renamed
  from {{ ref('int_ticketing__baseline_kind') }} as kinds
  -- no rows of the mode at all is a missing file, not silent stations
  inner join reported_modes
    on kinds.data_date = reported_modes.data_date and kinds.mode = reported_modes.mode
  inner join {{ ref('int_ticketing__baseline_day') }} as days
    on kinds.data_date = days.data_date and kinds.baseline_kind = days.baseline_kind
  inner join {{ ref('int_ticketing__station_count') }} as counts
    on days.baseline_date = counts.data_date and kinds.mode = counts.mode
  group by kinds.data_date, kinds.mode, kinds.baseline_kind, counts.line, counts.station
)

select
  coalesce(today.data_date, baselines.data_date) as data_date,
  coalesce(today.mode, baselines.mode) as mode,
  coalesce(today.line, baselines.line) as line,
  coalesce(today.station, baselines.station) as station,
  kinds.baseline_kind,
  today.boardings,
  today.alightings,
  cast(round(baselines.baseline_boardings, 4) as decimal(18, 4)) as baseline_boardings,
  cast(round(baselines.baseline_alightings, 4) as decimal(18, 4)) as baseline_alightings,
  cast(coalesce(baselines.baseline_day_count, 0) as bigint) as baseline_day_count,
  case
    when kinds.baseline_kind is null then 'no_baseline'
    when today.station is null then 'silent'
    when baselines.station is null then 'unknown_station'
    when today.is_renamed <> baselines.was_renamed then 'renamed'
    else 'known'
  end as station_status
from today
full outer join baselines
  on today.data_date = baselines.data_date
  and today.mode = baselines.mode
  and today.line = baselines.line
  and today.station = baselines.station
left join {{ ref('int_ticketing__baseline_kind') }} as kinds
  on coalesce(today.data_date, baselines.data_date) = kinds.data_date
  and coalesce(today.mode, baselines.mode) = kinds.mode
