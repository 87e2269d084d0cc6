{#- Each event of a date is in one segment or refused with one code. -#}
with events as (
  select data_date, count(*) as event_count
  from {{ ref('stg_signaling__events') }}
  where {{ in_window() }}
  group by data_date
),

tracks as (
  select data_date, sum(event_count) as event_count
  from {{ ref('int_mobility__track_day') }}
  where {{ in_window() }}
  group by data_date
)

select events.data_date, events.event_count, tracks.event_count as accounted_for
from events
left join tracks on events.data_date = tracks.data_date
where tracks.event_count is null or events.event_count <> tracks.event_count
