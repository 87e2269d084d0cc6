{#- Stock of each category and region at the end of each day of the window: the newest report of every
    site and shop that is not too old to believe. -#}
with reports as (
  select
    data_date,
    'site' as holder_kind,
    site_id as holder_id,
    product_code as product_id,
    category,
    coalesce(region_id, 'unknown') as region_id,
    stock_units
  from {{ ref('stg_supplies__stock_daily') }}
  where
    stock_units is not null
    and data_date >= {{ days_before_window(var('stale_max_days')) }}
  union all
  select
    data_date, 'shop' as holder_kind, shop_id as holder_id, product_id, category, region_id,
    stock_units
  from {{ ref('int_merchant__sale') }}
  where stock_units is not null
),

newest as (
  select w.data_date as issue_date, reports.holder_kind, reports.holder_id, reports.product_id,
    max(reports.data_date) as value_date
  from {{ ref('int_calendar__window') }} as w
  inner join reports
    on reports.data_date <= w.data_date
    and reports.data_date >= {{ add_days('w.data_date', -var('stale_max_days')) }}
  group by 1, 2, 3, 4
),

held as (
  select newest.issue_date as data_date, newest.value_date, reports.category, reports.region_id,
    reports.stock_units
  from newest
  inner join reports
    on newest.holder_kind = reports.holder_kind
    and newest.holder_id = reports.holder_id
    and newest.product_id = reports.product_id
    and newest.value_date = reports.data_date
),

with_city as (
  select * from held
  where region_id <> '{{ var("city_region_id") }}'
  union all
  select data_date, value_date, category, '{{ var("city_region_id") }}', stock_units from held
)

select
  data_date,
  region_id,
  category,
  max(value_date) as value_date,
  cast(sum(stock_units) as decimal(18, 3)) as stock_units
from with_city
group by data_date, region_id, category
