{#- The region where a device spent most of a day. An event stands for half the time to the event
    before and half the time to the event after it, the first and the last one for all the time to the
    day's ends; so a burst of events weighs no more than one. Never kept: it is about single devices.
    One day more than the window, for the flows of its first day. -#}
{%- set in_day_order = 'over (partition by data_date, device_id order by event_at, cell_id)' %}
with events as (
  select
    events.data_date,
    events.device_id,
    events.event_at,
    events.cell_id,
    cells.region_id,
    {{ dbt.dateadd('hour', -var('utc_offset_hours'), 'cast(events.data_date as timestamp)') }}
      as day_start_at
  from {{ ref('stg_signaling__events') }} as events
  inner join {{ ref('stg_signaling__cells') }} as cells
    on events.cell_id = cells.cell_id
    and events.data_date >= cells.valid_from_date
    and (cells.valid_to_date is null or events.data_date <= cells.valid_to_date)
  where events.data_date >= {{ days_before_window(1) }}
),

neighbours as (
  select
    data_date,
    device_id,
    region_id,
    event_at,
    lag(event_at) {{ in_day_order }} as before_at,
    lead(event_at) {{ in_day_order }} as after_at,
    day_start_at,
    {{ dbt.dateadd('hour', 24, 'day_start_at') }} as day_end_at
  from events
),

regions as (
  -- twice the seconds, so that halves stay whole numbers
  select
    data_date,
    device_id,
    region_id,
    sum(
      case
        when before_at is null then 2 * {{ dbt.datediff('day_start_at', 'event_at', 'second') }}
        else {{ dbt.datediff('before_at', 'event_at', 'second') }}
      end
      + case
        when after_at is null then 2 * {{ dbt.datediff('event_at', 'day_end_at', 'second') }}
        else {{ dbt.datediff('event_at', 'after_at', 'second') }}
      end
    ) as weight
  from neighbours
  group by data_date, device_id, region_id
),

ranked as (
  select
    *,
    row_number() over (
      partition by data_date, device_id order by weight desc, region_id
    ) as place
  from regions
)

select data_date, device_id, region_id
from ranked
where place = 1
