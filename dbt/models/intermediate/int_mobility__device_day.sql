{#- The region where a device spent most of a day: most hours with an event, so that a burst of
    events counts no more than one; ties by events, then the later one. Never kept: it is about
    single devices. One day more than the window, for the flows of its first day. -#}
with hours as (
  select
    events.data_date,
    events.device_id,
    cells.region_id,
    {{ dbt.date_trunc('hour', 'events.event_at') }} as event_hour,
    count(*) as event_count,
    max(events.event_at) as last_event_at
  from {{ ref('stg_signaling__events') }} as events
  inner join {{ ref('stg_signaling__cells') }} as cells
    on events.cell_id = cells.cell_id
    and events.data_date >= cells.valid_from_date
    and (cells.valid_to_date is null or events.data_date <= cells.valid_to_date)
  where events.data_date >= {{ days_before_window(1) }}
  group by 1, 2, 3, 4
),

regions as (
  select
    data_date,
    device_id,
    region_id,
    count(*) as hour_count,
    sum(event_count) as event_count,
    max(last_event_at) as last_event_at
  from hours
  group by data_date, device_id, region_id
),

ranked as (
  select
    *,
    row_number() over (
      partition by data_date, device_id
      order by hour_count desc, event_count desc, last_event_at desc, region_id
    ) as place
  from regions
)

select data_date, device_id, region_id
from ranked
where place = 1
