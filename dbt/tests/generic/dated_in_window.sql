{% test dated_in_window(model) %}
{#- Publish replaces the window's partitions: a row of another day would be lost or doubled. -#}
select data_date
from {{ model }}
where data_date is null or not ({{ in_window() }})
{% endtest %}
