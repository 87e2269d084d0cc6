{{ config(materialized='view') }}
{#- The activity of cells against which a day's coverage is held. -#}
select data_date, hour, place_id, region_id, event_count
from {{ history('int_mobility__cell_hour', var('coverage_history_days')) }} as days
