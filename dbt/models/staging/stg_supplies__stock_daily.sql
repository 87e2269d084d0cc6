{{ staged('bronze', 'stock_daily') }}
