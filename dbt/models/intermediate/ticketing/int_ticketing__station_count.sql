{#- Counts by station under the name it has today, one row a station and day. Two numbers of one
    station on one line (two operators) are added. -#}
with counts as (
  select * from {{ ref('stg_ticketing__station_counts') }}
  where data_date >= {{ days_before_window(var('ticketing_history_days')) }}
),

named as (
  select
    counts.data_date,
    counts.mode,
    coalesce(stations.canonical_line, lines.canonical_line, counts.line) as line,
    coalesce(stations.canonical_station, counts.station) as station,
    counts.boardings,
    counts.alightings,
    stations.source is not null or lines.source is not null as is_renamed
  from counts
  left join {{ ref('station_aliases') }} as stations
    on counts.mode = stations.mode
    and counts.line = stations.line
    and counts.station = stations.station
    and (stations.valid_from_date is null or counts.data_date >= stations.valid_from_date)
    and (stations.valid_to_date is null or counts.data_date <= stations.valid_to_date)
  left join {{ ref('station_aliases') }} as lines
    on counts.mode = lines.mode
    and counts.line = lines.line
    and lines.station is null
    and (lines.valid_from_date is null or counts.data_date >= lines.valid_from_date)
    and (lines.valid_to_date is null or counts.data_date <= lines.valid_to_date)
)

select
  data_date,
  mode,
  line,
  station,
  cast(sum(boardings) as bigint) as boardings,
  cast(sum(alightings) as bigint) as alightings,
  max(is_renamed) as is_renamed
from named
group by data_date, mode, line, station
