{#- Devices by main region of the day before and of the day; those that stayed included. Counts are
    of distinct devices, not yet suppressed. -#}
select
  today.data_date,
  yesterday.region_id as from_region_id,
  today.region_id as to_region_id,
  count(*) as device_count
from {{ ref('int_mobility__device_day') }} as today
inner join {{ ref('int_mobility__device_day') }} as yesterday
  on today.device_id = yesterday.device_id
  and yesterday.data_date = {{ add_days('today.data_date', -1) }}
where {{ in_window('today.data_date') }}
group by today.data_date, yesterday.region_id, today.region_id
