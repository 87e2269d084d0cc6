{#- Where events were lost: at ingest (quarantine, under the date of the file), in cleaning, or because
    their device is a machine; and those accepted. Codes with fewer than k devices are empty, the
    others rounded. -#}
with cleaning as (
  select
    tracks.data_date,
    case
      when tracks.error_code is not null then tracks.error_code
      when machines.device_id is not null then 'machine'
      else 'accepted'
    end as error_code,
    tracks.device_id,
    tracks.event_count
  from {{ ref('int_mobility__track_day') }} as tracks
  left join {{ ref('int_mobility__machine_day') }} as machines
    on tracks.data_date = machines.data_date and tracks.device_id = machines.device_id
  where {{ in_window('tracks.data_date') }}
),

counted as (
  select
    data_date,
    'cleaning' as step,
    error_code,
    sum(event_count) as event_count,
    count(distinct device_id) as device_count
  from cleaning
  group by data_date, error_code
  union all
  select data_date, 'ingest', error_code, event_count, device_count
  from {{ ref('int_mobility__refused_day') }}
  union all
  select data_date, 'carrier', error_code, null, sum(device_count)
  from {{ ref('int_mobility__carrier_day') }}
  where error_code is not null
  group by data_date, error_code
)

select
  data_date,
  step,
  error_code,
  {{ published_count('event_count', 'device_count') }} as event_count,
  {{ published_count('device_count') }} as device_count,
  case when device_count < {{ param('k_anonymity') }} then 'suppressed' end as missing_reason
from counted
