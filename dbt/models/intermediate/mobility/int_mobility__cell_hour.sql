{#- Events of each cell of the register by hour, before any cleaning: what the network reported. -#}
with events as (
  select
    data_date,
    cast(
      extract(hour from {{ dbt.dateadd('hour', var('utc_offset_hours'), 'event_at') }}) as integer
    ) as hour,
    cell_id,
    count(*) as event_count
  from {{ ref('stg_signaling__events') }}
  where {{ in_window() }} and cell_id is not null
  group by 1, 2, 3
)

select
  events.data_date,
  events.hour,
  events.cell_id as place_id,
  min(cells.region_id) as region_id,
  events.event_count
from events
inner join {{ ref('stg_signaling__cells') }} as cells
  on events.cell_id = cells.cell_id
  and events.data_date >= cells.valid_from_date
  and (cells.valid_to_date is null or events.data_date <= cells.valid_to_date)
group by events.data_date, events.hour, events.cell_id, events.event_count
