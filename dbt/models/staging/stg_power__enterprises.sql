{{ staged('bronze', 'enterprises') }}
