{#- What changed in a campaign on a date: every count is dated by its own event, so the sum up to a
    date is what was known then. Distinct users are counted on the date of their first voucher. -#}
with vouchers as (
  select * from {{ ref('int_voucher__voucher') }}
),

first_dates as (
  select
    campaign_id,
    user_id,
    min(issued_date) as issued_date,
    min(redeemed_date) as redeemed_date,
    min(refunded_date) as refunded_date
  from vouchers
  group by campaign_id, user_id
),

changes as (
  {{ voucher_changes('issued_date', {'issued_count': 1}) }}
  where issued_date is not null
  union all
  {{ voucher_changes('redeemed_date', {
    'redeemed_count': 1, 'order_cny': 'order_cny', 'subsidy_cny': 'subsidy_cny'
  }) }}
  where redeemed_date is not null
  union all
  {{ voucher_changes(
    add_days('issued_date', 'cast(' ~ param('voucher_window_days') ~ ' as integer)'),
    {
      'matured_count': 1,
      'redeemed_in_window_count': 'case when is_redeemed_within_window then 1 else 0 end'
    }
  ) }}
  where issued_date is not null
  union all
  {{ voucher_changes(add_days('expires_date', 1), {'expired_count': 1}) }}
  where expires_date is not null and (redeemed_date is null or redeemed_date > expires_date)
  union all
  {{ voucher_changes('refunded_date', {'refunded_count': 1}) }}
  where refunded_date is not null
  union all
  {{ voucher_changes('issued_date', {'issued_users': 1}, 'first_dates') }}
  where issued_date is not null
  union all
  {{ voucher_changes('redeemed_date', {'redeemed_users': 1}, 'first_dates') }}
  where redeemed_date is not null
  union all
  {{ voucher_changes('refunded_date', {'refunded_users': 1}, 'first_dates') }}
  where refunded_date is not null
)

select
  campaign_id,
  change_date,
  {%- for measure in voucher_measures() %}
  cast(sum({{ measure }}) as {{ 'decimal(18, 4)' if measure.endswith('_cny') else 'bigint' }})
    as {{ measure }}{{ ',' if not loop.last }}
  {%- endfor %}
from changes
where change_date <= {{ window_end() }}
group by campaign_id, change_date
