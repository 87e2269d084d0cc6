{#- Boardings and alightings against their baseline, by station, line, mode and over all modes. -#}
with levels as (
  -- the one place where k is applied: a row with any count below k shows none of them, nor a row
  -- whose unmatched stations could be had by subtraction
  select
    *,
    {%- for count in [
      'boardings', 'alightings', 'baseline_boardings', 'baseline_alightings',
      'boardings - matched_boardings', 'alightings - matched_alightings'
    ] %}
    {{ 'or' if not loop.first }} {{ below_k(count) }}
    {%- endfor %} as is_suppressed
  from {{ history('int_ticketing__level_day', var('stale_max_days') + 6) }} as levels
),

weeks as (
  select
    today.data_date,
    today.mode,
    today.line,
    today.station,
    count(earlier.matched_boardings) as smoothed_day_count,
    case
      when not max(earlier.is_suppressed)
        then {{ pct_of('sum(earlier.matched_boardings)', 'sum(earlier.baseline_boardings)') }}
    end as recovery_7d_pct
  from levels as today
  inner join levels as earlier
    on today.mode = earlier.mode
    and today.line = earlier.line
    and today.station = earlier.station
    and earlier.data_date between {{ add_days('today.data_date', -6) }} and today.data_date
  group by today.data_date, today.mode, today.line, today.station
),

shown as (
  select
    levels.*,
    weeks.smoothed_day_count,
    case when not levels.is_suppressed then weeks.recovery_7d_pct end as recovery_7d_pct,
    case
      when not levels.is_suppressed
        then {{ pct_of('levels.matched_boardings', 'levels.baseline_boardings') }}
    end as recovery_pct,
    case
      when not levels.is_suppressed
        then {{ pct_of('levels.matched_alightings', 'levels.baseline_alightings') }}
    end as alightings_recovery_pct
  from levels
  inner join weeks
    on levels.data_date = weeks.data_date
    and levels.mode = weeks.mode
    and levels.line = weeks.line
    and levels.station = weeks.station
)

select
  good.data_date,
  good.value_date,
  shown.mode,
  shown.line,
  shown.station,
  shown.baseline_kind,
  shown.baseline_day_count,
  shown.station_count,
  shown.matched_station_count,
  shown.unknown_station_count,
  shown.renamed_station_count,
  shown.silent_station_count,
  case when not shown.is_suppressed then shown.boardings end as boardings,
  case when not shown.is_suppressed then shown.alightings end as alightings,
  case when not shown.is_suppressed then shown.baseline_boardings end as baseline_boardings,
  case when not shown.is_suppressed then shown.baseline_alightings end as baseline_alightings,
  shown.recovery_pct,
  shown.alightings_recovery_pct,
  shown.recovery_7d_pct,
  shown.smoothed_day_count,
  case
    when shown.boardings is null then 'not_collected'
    when shown.is_suppressed then 'suppressed'
    when shown.recovery_pct is null then 'not_collected'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_ticketing__level_day') }} as good
inner join shown on good.value_date = shown.data_date
