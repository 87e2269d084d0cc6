{#- Leads (线索), never verdicts. A: cost and baseline both known; B: a rule's cap where there is no
    baseline; C: statistics only, where no rule speaks. -#}
with judged as (
  select
    *,
    case
      when baseline_price_cny is null
        then case when margin_pct > cap_pct then 'margin_above_cap' end
      when compares = 'price_then_margin' and cost_cny = baseline_cost_cny
        then case when price_cny > baseline_price_cny then 'price_above_last_deal' end
      when margin_pct > baseline_margin_pct + {{ param('price_margin_tolerance_pct_points') }}
        then 'margin_above_last_deal'
    end as reason
  from {{ ref('int_price__rule_check') }}
),

by_rule as (
  select
    data_date, rule_id, jurisdiction, shop_id, product_id, region_id,
    baseline_date, baseline_source, baseline_price_cny, baseline_cost_cny, price_cny, cost_cny,
    baseline_margin_pct, margin_pct,
    case when reason = 'margin_above_cap' then cast(cap_pct as double) end as cap_pct,
    cast(null as double) as modified_z,
    case when reason = 'margin_above_cap' then 'B' else 'A' end as grade,
    reason
  from judged
  where reason is not null
),

by_statistics as (
  select
    offers.data_date, rules.rule_id, rules.jurisdiction, offers.shop_id, offers.product_id,
    offers.region_id,
    cast(null as date) as baseline_date,
    cast(null as varchar) as baseline_source,
    cast(null as decimal(18, 4)) as baseline_price_cny,
    cast(null as decimal(18, 4)) as baseline_cost_cny,
    offers.price_cny,
    offers.cost_cny,
    cast(null as double) as baseline_margin_pct,
    {{ margin_pct('offers.price_cny', 'offers.cost_cny', 'rules.margin_formula') }} as margin_pct,
    cast(null as double) as cap_pct,
    outliers.modified_z,
    'C' as grade,
    'price_outlier' as reason
  from {{ ref('int_price__outlier_day') }} as outliers
  inner join {{ ref('int_price__offer_day') }} as offers
    on outliers.data_date = offers.data_date
    and outliers.shop_id = offers.shop_id
    and outliers.product_id = offers.product_id
  inner join {{ ref('price_rules') }} as rules
    on rules.is_active and rules.baseline_rule = 'offers_of_the_week'
  left join by_rule
    on offers.data_date = by_rule.data_date
    and offers.shop_id = by_rule.shop_id
    and offers.product_id = by_rule.product_id
  where
    outliers.modified_z > {{ param('price_modified_z') }}
    and outliers.excess_share >= {{ param('price_statistical_min_excess_share') }}
    and by_rule.rule_id is null
),

leads as (
  select * from by_rule
  union all
  select * from by_statistics
)

select
  data_date,
  md5(concat_ws('|', cast(data_date as varchar), rule_id, shop_id, product_id)) as lead_id,
  rule_id,
  jurisdiction,
  shop_id,
  product_id,
  region_id,
  baseline_date,
  baseline_source,
  baseline_price_cny,
  baseline_cost_cny,
  price_cny,
  cost_cny,
  baseline_margin_pct,
  margin_pct,
  cap_pct,
  modified_z,
  grade,
  reason
from leads
