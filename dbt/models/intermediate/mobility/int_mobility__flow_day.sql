{#- Devices by main region of the day before and of the day; those that stayed included. Counts are
    of distinct devices, not yet suppressed. -#}
with days as (
  select data_date, device_id, main_region_id
  from {{ history('int_mobility__device_day', 1) }} as days
  where main_region_id is not null
)

select
  today.data_date,
  yesterday.main_region_id as from_region_id,
  today.main_region_id as to_region_id,
  count(*) as device_count
from days as today
inner join days as yesterday
  on today.device_id = yesterday.device_id
  and yesterday.data_date = {{ add_days('today.data_date', -1) }}
where {{ in_window('today.data_date') }}
group by today.data_date, yesterday.main_region_id, today.main_region_id
