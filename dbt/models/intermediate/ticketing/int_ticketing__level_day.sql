{#- Stations, lines and modes, recomputed from stations. A recovery compares stations that have both a
    count and a baseline, so that neither a line without a file nor a new name passes for a change. -#}
with stations as (
  select
    *,
    boardings is not null and baseline_boardings is not null as is_matched
  from {{ ref('int_ticketing__station_day') }}
)

select
  data_date,
  {{ rolled_up('mode') }} as mode,
  {{ rolled_up('line') }} as line,
  {{ rolled_up('station') }} as station,
  min(baseline_kind) as baseline_kind,
  count(boardings) as station_count,
  cast(sum(case when is_matched then 1 else 0 end) as bigint) as matched_station_count,
  cast(sum(case when station_status = 'unknown_station' then 1 else 0 end) as bigint)
    as unknown_station_count,
  cast(sum(case when station_status = 'renamed' then 1 else 0 end) as bigint)
    as renamed_station_count,
  cast(sum(case when station_status = 'silent' then 1 else 0 end) as bigint)
    as silent_station_count,
  cast(sum(boardings) as bigint) as boardings,
  cast(sum(alightings) as bigint) as alightings,
  cast(sum(case when is_matched then boardings end) as bigint) as matched_boardings,
  cast(sum(case when is_matched then alightings end) as bigint) as matched_alightings,
  cast(sum(case when is_matched then baseline_boardings end) as decimal(18, 4))
    as baseline_boardings,
  cast(sum(case when is_matched then baseline_alightings end) as decimal(18, 4))
    as baseline_alightings,
  max(baseline_day_count) as baseline_day_count
from stations
group by grouping sets ((data_date, mode, line, station), (data_date, mode, line), (data_date, mode), (data_date))
