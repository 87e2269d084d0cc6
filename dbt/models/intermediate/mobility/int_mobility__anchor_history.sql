{{ config(materialized='view') }}
{#- The nights and working hours from which homes and workplaces are found. -#}
select data_date, device_id, period, place_id, region_id, latitude, longitude, seconds
from {{ history('int_mobility__anchor_day', var('anchor_history_days')) }} as days
