{#- The devices with a workplace as of each reference date: the panel whose presence at work is followed.
    The carrier is the one that saw the device last. A device that is no longer seen stays in the panel
    until its workplace is forgotten: people who left the city are what the index measures. -#}
with seen as (
  select
    homes.reference_date,
    homes.device_id,
    max(days.data_date) as last_seen_date
  from {{ ref('int_mobility__home') }} as homes
  inner join {{ history('int_mobility__device_day', var('anchor_history_days')) }} as days
    on homes.device_id = days.device_id
    and days.data_date < homes.reference_date
  where homes.work_missing_reason is null and homes.work_region_id is not null
  group by homes.reference_date, homes.device_id
)

select
  seen.reference_date,
  seen.device_id,
  homes.home_region_id,
  homes.work_region_id,
  homes.work_latitude,
  homes.work_longitude,
  coalesce(days.carrier, 'unknown') as carrier,
  seen.last_seen_date
from seen
inner join {{ ref('int_mobility__home') }} as homes
  on seen.reference_date = homes.reference_date and seen.device_id = homes.device_id
inner join {{ history('int_mobility__device_day', var('anchor_history_days')) }} as days
  on seen.device_id = days.device_id and seen.last_seen_date = days.data_date
