{#- The sums of district x industry cells and of their roll-ups without each cell's largest user:
    one refinery can lift a whole city (domain reference 1). -#}
with enterprises as (
  select * from {{ ref('int_power__enterprise_day') }}
  where is_counted
),

cells as (
  select data_date, baseline_kind, region_id, industry_code, enterprise_id,
    is_resumed, energy_kwh, baseline_kwh
  from enterprises
  union all
  select data_date, baseline_kind, region_id, 'all', enterprise_id,
    is_resumed, energy_kwh, baseline_kwh
  from enterprises
  union all
  select data_date, baseline_kind, '{{ var("city_region_id") }}', industry_code, enterprise_id,
    is_resumed, energy_kwh, baseline_kwh
  from enterprises
  union all
  select data_date, baseline_kind, '{{ var("city_region_id") }}', 'all', enterprise_id,
    is_resumed, energy_kwh, baseline_kwh
  from enterprises
),

ranked as (
  select
    *,
    row_number() over (
      partition by data_date, baseline_kind, region_id, industry_code
      order by baseline_kwh desc, enterprise_id
    ) as place
  from cells
)

select
  data_date,
  baseline_kind,
  region_id,
  industry_code,
  count(*) as enterprise_count,
  cast(sum(case when is_resumed then 1 else 0 end) as bigint) as resumed_count,
  cast(sum(energy_kwh) as decimal(18, 3)) as energy_kwh,
  cast(sum(case when is_resumed then energy_kwh else 0 end) as decimal(18, 3))
    as resumed_energy_kwh,
  cast(sum(baseline_kwh) as decimal(18, 3)) as baseline_kwh
from ranked
where place > 1
group by data_date, baseline_kind, region_id, industry_code
