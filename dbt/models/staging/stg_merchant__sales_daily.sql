{{ staged('bronze', 'sales_daily') }}
