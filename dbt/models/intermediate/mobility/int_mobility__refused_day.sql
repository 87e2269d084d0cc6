{#- Events refused at ingest, by the date of the file that brought them: the date an event from the
    future claims has not come yet. A refused row without a device counts as one device. -#}
with files as (
  select sha256, min(file_date) as file_date
  from {{ source('ops', 'files') }}
  where feed = 'signaling'
  group by sha256
)

select
  coalesce(files.file_date, refused.data_date) as data_date,
  refused.code as error_code,
  count(*) as event_count,
  count(distinct coalesce(
    {{ json_text('refused.row_json', 'device_id') }}, cast(refused.source_line as varchar)
  )) as device_count
from {{ source('quarantine', 'rows') }} as refused
left join files on refused.source_sha256 = files.sha256
where
  refused.feed = 'signaling'
  and refused.table_name = 'events'
  and {{ in_window('coalesce(files.file_date, refused.data_date)') }}
group by 1, 2
