{{ config(materialized='view') }}
{#- The device days from which machines and changes of identifiers are read. -#}
select data_date, device_id, carrier, place_count, first_place_id
from {{ history('int_mobility__device_day', var('device_history_days')) }} as days
