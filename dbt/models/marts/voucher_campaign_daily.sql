{#- Each campaign up to the end of each day. Counts of people under k are empty, and so is what could
    be subtracted to find them. -#}
with cumulative as (
  select
    w.data_date,
    changes.campaign_id,
    max(changes.change_date) as last_change_date,
    {%- for measure in voucher_measures() %}
    sum(changes.{{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
  from {{ ref('int_calendar__window') }} as w
  inner join {{ ref('int_voucher__campaign_change') }} as changes
    on changes.change_date <= w.data_date
  group by w.data_date, changes.campaign_id
),

open_campaigns as (
  select
    cumulative.*,
    campaigns.region_id,
    campaigns.face_value_cny,
    campaigns.threshold_cny,
    cumulative.issued_users = 0 or cumulative.issued_users >= {{ param('k_anonymity') }}
      as issued_is_published,
    cumulative.redeemed_users = 0 or cumulative.redeemed_users >= {{ param('k_anonymity') }}
      as redeemed_is_published,
    cumulative.refunded_users = 0 or cumulative.refunded_users >= {{ param('k_anonymity') }}
      as refunded_is_published
  from cumulative
  left join {{ ref('stg_voucher__campaigns') }} as campaigns
    on cumulative.campaign_id = campaigns.campaign_id
  where {{ days_between('cumulative.last_change_date', 'cumulative.data_date') }}
    <= {{ param('voucher_closing_days') }}
),

-- vouchers in multiples of `published_count_base`; money in multiples of what as many vouchers come to
-- by their terms, so that a visible change may stand for k users and their orders
rounded as (
  select
    *,
    issued_is_published and redeemed_is_published as is_published,
    {%- for measure in [
      'issued_count', 'redeemed_count', 'matured_count', 'redeemed_in_window_count',
      'expired_count', 'refunded_count'
    ] %}
    {{ rounded_to(measure, param('published_count_base')) }} as published_{{ measure }},
    {%- endfor %}
    {%- set base = param('published_count_base') %}
    {{ rounded_to('order_cny', '(' ~ base ~ ' * greatest(threshold_cny, face_value_cny))') }}
      as published_order_cny,
    {{ rounded_to('subsidy_cny', '(' ~ base ~ ' * face_value_cny)') }} as published_subsidy_cny
  from open_campaigns
)

select
  data_date,
  campaign_id,
  region_id,
  cast(case when issued_is_published and issued_users > 0 then published_issued_count end as bigint)
    as issued_count,
  cast(case when is_published then published_redeemed_count end as bigint) as redeemed_count,
  case
    when is_published
      then {{ share_of('least(published_redeemed_in_window_count, published_matured_count)',
                       'published_matured_count') }}
  end as redeemed_7d_share,
  cast(case when is_published then published_subsidy_cny end as decimal(18, 4)) as subsidy_cny,
  cast(case when is_published then published_order_cny end as decimal(18, 4)) as order_cny,
  case when is_published then {{ leverage('published_order_cny', 'published_subsidy_cny') }} end
    as leverage,
  {{ leverage('threshold_cny', 'face_value_cny') }} as mechanical_leverage,
  cast(case when is_published then published_expired_count end as bigint) as expired_count,
  cast(case when is_published and refunded_is_published then published_refunded_count end as bigint)
    as refunded_count,
  case
    when not is_published or not refunded_is_published then 'suppressed'
    -- without the campaign's terms there is no unit to round money to
    when issued_users = 0 or published_order_cny is null then 'not_collected'
  end as missing_reason
from rounded
