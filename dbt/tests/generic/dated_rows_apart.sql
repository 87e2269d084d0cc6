{% test dated_rows_apart(model, key) %}
{#- Of one key, at most one row is in force on a date, and none ends before it begins. -#}
select earlier.{{ key }}, earlier.valid_from_date, earlier.valid_to_date
from {{ model }} as earlier
left join {{ model }} as later
  on earlier.{{ key }} = later.{{ key }}
  and later.valid_from_date >= earlier.valid_from_date
  and (earlier.valid_to_date is null or later.valid_from_date <= earlier.valid_to_date)
group by earlier.{{ key }}, earlier.valid_from_date, earlier.valid_to_date
having count(*) > 1 or earlier.valid_to_date < earlier.valid_from_date
{% endtest %}
