{#- What each device did on a day, machines included, and where it was last: the history that later
    windows read instead of events. Kept, although it is about single devices, for as long as homes
    are looked for; it never leaves the lake. -#}
with ranked as (
  select
    *,
    row_number() over (
      partition by data_date, device_id order by last_event_at desc, first_event_at desc
    ) as place
  from {{ ref('int_mobility__track_day') }}
  where error_code is null and {{ in_window() }}
)

select
  data_date,
  device_id,
  carrier,
  day_event_count as event_count,
  place_count,
  first_place_id,
  day_stay_count as stay_count,
  present_s,
  main_region_id,
  main_region_s,
  place_id as last_place_id,
  region_id as last_region_id,
  latitude as last_latitude,
  longitude as last_longitude,
  is_stay as last_is_stay,
  last_event_at
from ranked
where place = 1
