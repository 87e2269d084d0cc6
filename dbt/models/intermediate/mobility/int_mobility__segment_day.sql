{#- The segments of a day's devices without the machines, the day before the window included. -#}
select
  data_date,
  device_id,
  carrier,
  first_event_at,
  last_event_at,
  started_at,
  ended_at,
  event_count,
  is_stay,
  place_id,
  latitude,
  longitude,
  region_id
from {{ ref('int_mobility__track_day') }} as tracks
where
  error_code is null
  and not exists (
    select 1
    from {{ ref('int_mobility__machine_day') }} as machines
    where machines.data_date = tracks.data_date and machines.device_id = tracks.device_id
  )
