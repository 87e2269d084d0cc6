{#- The last actual deal of a shop for a product on or before a rule's cut-off, and the cost listed
    then. A pair that was listed but sold nothing takes its last listing instead: `baseline_source`
    says which. Fixed once the cut-off has passed, whatever the window. -#}
with rules as (
  select
    rule_id,
    baseline_cutoff_date,
    {{ add_days('baseline_cutoff_date',
                '-cast(' ~ param('price_baseline_max_age_days') ~ ' as integer)') }} as oldest_date
  from {{ ref('price_rules') }}
  where is_active and baseline_rule = 'last_deal_on_or_before'
    and valid_from_date <= {{ window_end() }}
),

deals as (
  select
    rules.rule_id,
    sales.shop_id,
    sales.product_id,
    sales.data_date,
    cast(round(sales.revenue_cny / sales.units, 2) as decimal(18, 4)) as price_cny,
    row_number() over (
      partition by rules.rule_id, sales.shop_id, sales.product_id order by sales.data_date desc
    ) as place
  from {{ ref('stg_merchant__sales_daily') }} as sales
  inner join rules on sales.data_date between rules.oldest_date and rules.baseline_cutoff_date
  where sales.units > 0 and sales.revenue_cny > 0
),

last_listings as (
  select
    rules.rule_id,
    listings.shop_id,
    listings.product_id,
    listings.data_date,
    listings.price_cny,
    listings.cost_cny,
    row_number() over (
      partition by rules.rule_id, listings.shop_id, listings.product_id
      order by
        listings.captured_at desc, listings.listing_id desc, listings.price_cny desc,
        listings.cost_cny desc
    ) as place
  from {{ ref('stg_merchant__listings') }} as listings
  inner join rules on listings.data_date between rules.oldest_date and rules.baseline_cutoff_date
),

deal_costs as (
  -- the cost as listed on the day of the deal or last before it
  select
    deals.rule_id,
    deals.shop_id,
    deals.product_id,
    listings.cost_cny,
    row_number() over (
      partition by deals.rule_id, deals.shop_id, deals.product_id
      order by
        listings.captured_at desc, listings.listing_id desc, listings.price_cny desc,
        listings.cost_cny desc
    ) as place
  from deals
  inner join {{ ref('stg_merchant__listings') }} as listings
    on deals.shop_id = listings.shop_id
    and deals.product_id = listings.product_id
    and listings.data_date <= deals.data_date
    and listings.data_date >= {{ add_days('deals.data_date', -var('listing_max_age_days')) }}
  where deals.place = 1
)

select
  coalesce(deals.rule_id, listings.rule_id) as rule_id,
  coalesce(deals.shop_id, listings.shop_id) as shop_id,
  coalesce(deals.product_id, listings.product_id) as product_id,
  coalesce(deals.data_date, listings.data_date) as baseline_date,
  coalesce(deals.price_cny, listings.price_cny) as baseline_price_cny,
  case when deals.rule_id is null then listings.cost_cny else costs.cost_cny end
    as baseline_cost_cny,
  case when deals.rule_id is null then 'listing' else 'deal' end as baseline_source
from (select * from deals where place = 1) as deals
full outer join (select * from last_listings where place = 1) as listings
  on deals.rule_id = listings.rule_id
  and deals.shop_id = listings.shop_id
  and deals.product_id = listings.product_id
left join (select * from deal_costs where place = 1) as costs
  on deals.rule_id = costs.rule_id
  and deals.shop_id = costs.shop_id
  and deals.product_id = costs.product_id
