-- What PrestaShop 1.7.7 has that 8 has otherwise.
ALTER TABLE ps_orders DROP COLUMN note;
ALTER TABLE ps_order_payment DROP COLUMN id_employee;
ALTER TABLE ps_order_detail MODIFY product_name varchar(255) NOT NULL;
ALTER TABLE ps_customized_data MODIFY value varchar(255) NOT NULL;
