-- Which shops keep appearing? 反复出现的店铺
-- Shops by the number of days with a lead of grade A or B.
SELECT
    shop_id,
    count(DISTINCT data_date) AS days,
    count(DISTINCT product_id) AS products,
    min(data_date) AS first_date,
    max(data_date) AS last_date
FROM price_leads
WHERE grade IN ('A', 'B')
GROUP BY shop_id
ORDER BY days DESC, products DESC, shop_id;
