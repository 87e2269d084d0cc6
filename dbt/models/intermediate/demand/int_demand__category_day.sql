{#- What was wanted of a category in a region on a day: shops' sales and sites' use. Where a shop sold
    out, its demand is at least the mean sales of the shops of the region that still had the product
    (sales are not demand in a stock-out). The city is the sum of everything. -#}
with sold as (
  select *, coalesce(stock_units > 0, true) as had_stock
  from {{ ref('int_merchant__sale') }}
  where {{ in_window() }}
),

rates as (
  select
    data_date,
    region_id,
    product_id,
    cast(round(sum(units) / count(*), 3) as decimal(18, 3)) as mean_units
  from sold
  where had_stock
  group by data_date, region_id, product_id
),

wanted as (
  select
    sold.data_date,
    sold.region_id,
    sold.category,
    sold.units as observed_units,
    case
      when sold.had_stock then sold.units
      else greatest(sold.units, coalesce(rates.mean_units, sold.units))
    end as demand_units
  from sold
  left join rates
    on sold.data_date = rates.data_date
    and sold.region_id = rates.region_id
    and sold.product_id = rates.product_id
  union all
  select
    data_date,
    coalesce(region_id, 'unknown') as region_id,
    category,
    used_units as observed_units,
    used_units as demand_units
  from {{ ref('stg_supplies__stock_daily') }}
  where {{ in_window() }} and used_units is not null
),

with_city as (
  select * from wanted
  where region_id <> '{{ var("city_region_id") }}'
  union all
  select data_date, '{{ var("city_region_id") }}', category, observed_units, demand_units
  from wanted
)

select
  data_date,
  region_id,
  category,
  cast(sum(observed_units) as decimal(18, 3)) as observed_units,
  cast(sum(demand_units) as decimal(18, 3)) as demand_units
from with_city
group by data_date, region_id, category
