{{ staged('bronze', 'redemptions') }}
